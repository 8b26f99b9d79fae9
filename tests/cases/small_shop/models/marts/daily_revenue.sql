-- @description: revenue in US dollars by day
-- @config: materialized='incremental', time_column='day', start='2024-01-01', batch_size=31
-- @import: orders = models.staging.stg_orders
-- @import: seeds.rates
-- @column: day date not null
-- @column: usd_amount decimal(38, 2) "amount in US dollars"
select
    orders.ordered_at::date as day,
    sum(orders.amount * rates.rate)::decimal(38, 2) as usd_amount
from :orders
join :rates on rates.currency = orders.currency
where orders.ordered_at >= :start_date
    and orders.ordered_at < :end_date
group by all; -- the end
