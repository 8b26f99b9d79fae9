-- @config: materialized='incremental', time_column='happened_at', start='2024-01-01'
-- @config: interval='15 min', interval_tz='Asia/Kathmandu'
-- @import: models.cleaned
select happened_at, count(*) as events
from :cleaned
where happened_at >= :start_ts and happened_at < :end_ts
group by happened_at
