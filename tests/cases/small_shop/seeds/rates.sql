create table rates (
    currency varchar not null,
    rate decimal(10, 4)
)
