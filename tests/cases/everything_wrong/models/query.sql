-- @var: least integer
-- @column: total bigint
select
    uper('a') as letter,
    date '2024-01-01' > 3 as late,
    :lest as least
from orders
#if env = 'prod'
limit 1
#endif
