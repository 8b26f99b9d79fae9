-- @description: orders of at least a certain amount
-- @import: sources.raw.orders
-- @var: least decimal(18, 2)
select
    orders.order_id,
    orders.ordered_at,
    orders.currency,
    orders.amount
from :orders
where orders.amount >= :least
#if 'gift' in payment_methods and env != 'prod'
    and orders.amount < 1000000 -- tests of the shop
#endif
