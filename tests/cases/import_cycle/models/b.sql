-- @import: models.c
select c.id from :c
