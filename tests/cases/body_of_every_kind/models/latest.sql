-- @config: materialized='incremental', unique_key='id', retries=2, timeout='10 min'
-- @import: e = models.cleaned
-- @var: strict boolean = false
-- @column: id hugeint
select e.id, e.happened_at, e."order"
from :e
where true
#if is_incremental
    and e.happened_at > (select max(this.happened_at) from :this)
#elif strict or engine == 'duckdb'
    and e.happened_at is not null
#else
    and not :strict
#endif
