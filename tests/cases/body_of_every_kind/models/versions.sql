-- @config: materialized='scd2', unique_key='id', check='all', hard_deletes='close'
-- @config: cron='0 6 * * *', cron_tz='Europe/Berlin', forward_only=true, was='models.history'
-- @import: models.latest
-- @column: valid_to "null in the present one"
select latest.id, latest."order" from :latest
