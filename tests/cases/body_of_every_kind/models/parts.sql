-- @config: materialized='incremental', strategy='partition', partition_by='day', history='keep'
-- @import: models.versions
select id, cast(valid_from as date) as day from :versions where valid_to is null
