-- One row per order, in the currency it was paid in.
-- @import: sources.raw.orders
select
    orders.order_id,
    orders.currency,
    amount_cents / 100.0 as amount
from :orders
