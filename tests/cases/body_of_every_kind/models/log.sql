-- @config: materialized='incremental', strategy='append', tags=['audit'], owner='ada'
-- @import: models.latest
select latest.id, :execution_ts as logged_at
from :latest as latest
#if is_incremental
where latest.id not in (select this.id from :this)
#endif
