-- @import: orders = models.staging.stg_orders
select
    o.order_id,
    o.amout as amount,
    o.amount * r.rate as usd_amount
from :orders as o
