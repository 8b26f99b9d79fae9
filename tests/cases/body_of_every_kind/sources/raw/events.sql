create table events (
    id bigint not null /* enforced */,
    happened_at timestamp,
    "order" varchar
)
