-- `append` only ever adds rows, and never looks at those it has: it must be said,
-- and the query itself must leave out what is already there. Delete the lines of
-- the `#if`, and a second run stores every row twice.
--
-- Because its rows can't be computed again from what it read, a full refresh
-- leaves such a table alone.
--
-- @description: cancelled flights in the order they were to leave
-- @config: materialized='incremental', strategy='append'
-- @import: flights = models.staging.stg_flights
-- @column: flight_date date not null
-- @column: scheduled_departure timestamp not null
select
    flights.flight_date,
    flights.scheduled_departure,
    flights.carrier,
    flights.flight,
    flights.origin,
    flights.dest
from :flights
where flights.is_cancelled
#if is_incremental
    and flights.flight_date > (
        select coalesce(max(logged.flight_date), date '2012-12-31')
        from :this as logged
    )
#endif
