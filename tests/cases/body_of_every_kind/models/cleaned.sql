-- @config: materialized='ephemeral'
-- @import: sources.raw.events
select id, happened_at, "order"
from :events
where "order" <> ':not_a_reference'
