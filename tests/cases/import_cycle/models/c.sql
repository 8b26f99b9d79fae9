-- @import: models.a
select a.id from :a
