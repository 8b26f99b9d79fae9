-- Incremental by key: a row that comes again replaces the one with its key.
--
-- `is_incremental` is true when the table exists and no full refresh was asked
-- for. Then `:this` is the table as it is, and only flights from its last day on
-- are looked at. On the first run the lines between `#if` and `#endif` are gone.
--
-- @description: where each aircraft was seen last
-- @config: materialized='incremental', strategy='unique_key', unique_key='tailnum'
-- @import: flights = models.staging.stg_flights
-- @column: tailnum varchar not null
-- @column: last_flight_date date not null
-- @column: last_route varchar "for example `JFK-LAX`"
select
    flights.tailnum,
    flights.flight_date as last_flight_date,
    flights.carrier as last_carrier,
    flights.origin || '-' || flights.dest as last_route
from :flights
where flights.tailnum is not null
    and not flights.is_cancelled
#if is_incremental
    and flights.flight_date >= (
        select coalesce(max(seen.last_flight_date), date '2013-01-01')
        from :this as seen
    )
#endif
qualify row_number() over (
    partition by flights.tailnum
    order by flights.scheduled_departure desc, flights.flight desc
) = 1
