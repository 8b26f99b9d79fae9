-- @import: models.b
select b.id from :b
