-- A model is one query; the comments above it are its header.
--
-- `seeds.orders` is the file `seeds/orders.csv`. In the query it is `:raw`.
--
-- @description: orders with proper types
-- @import: raw = seeds.orders
-- @column: amount decimal(10,2) "in euros"
select
    raw.order_id,
    raw.ordered_at,
    raw.ordered_at::date as ordered_on,
    raw.customer,
    raw.status,
    raw.amount::decimal(10,2) as amount
from :raw
