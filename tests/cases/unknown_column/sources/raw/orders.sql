create table orders (
    order_id bigint not null /* enforced */,
    currency varchar,
    amount_cents bigint
)
