-- @config: materialized='incremental', unique_key='id', retries=2, timeout='10 min'
-- @import: e = models.cleaned
-- @var: strict boolean = false
-- @column: id hugeint
-- @merge: on :new.happened_at >= :this.happened_at, update except ("order")
-- @merge: delete when :new.happened_at is null
-- @index: unique (id)
-- @audit: not_null(id, "order")
-- @audit: unique(id), severity='warn', warn_if='> 10'
-- @audit: known(id, :e.id), where='"order" <> ''it''''s'' and not :strict', error_if='>= 2', store_failures=true
#before
#if is_incremental
delete from :this where this.happened_at < :execution_ts - interval 1 year;
#else
create temporary table seen as select e.id from :e;
#endif
#end
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
#after
create index by_time on :this (happened_at);
update :this set "order" = 'none' where "order" is null and :strict
#end
