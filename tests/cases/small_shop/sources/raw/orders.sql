-- @description: orders, as the shop exports them
create table orders (
    order_id bigint not null /* enforced */,
    ordered_at timestamp,
    currency varchar,
    amount decimal(18, 2)
)
