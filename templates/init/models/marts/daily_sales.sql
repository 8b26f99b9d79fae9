-- `dbgo check` resolves and types this query before anything runs. Rename a column
-- in `stg_orders.sql`, and it tells you the line here that breaks.
--
-- @description: paid orders by day
-- @import: orders = models.staging.stg_orders
-- @column: ordered_on date not null
-- @column: sales decimal(18,2) "in euros"
-- @var: large_order decimal(10,2) = 100
select
    orders.ordered_on,
    count(*) as paid_orders,
    count(*) filter (where orders.amount >= :large_order) as large_orders,
    sum(orders.amount)::decimal(18,2) as sales
from :orders
where orders.status = 'paid'
group by orders.ordered_on
