create table orders (
    id bigint primary key,
    amount decimal(18, 2)
)
