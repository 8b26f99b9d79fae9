-- A model is one query. The comments above it are its header: lines that start
-- with `@` are for dbgo, all others are for you.
--
-- `@import` is the only way to reach another relation. `seeds.flights` is the
-- file `seeds/flights.parquet`; in the query it is `:raw`.
--
-- `models/staging` makes views (see `dbgo.toml`). This one says otherwise for
-- itself, because most other models read it. A pragma with an open bracket goes
-- on over the next lines.
--
-- `@column` with a type is a contract: the query must give this type, and with
-- `not null` no row may be stored that lacks a value.
--
-- @description: one row per flight scheduled to leave a New York airport
-- @config: materialized='table', grain=[
--     'scheduled_departure', 'carrier', 'flight', 'origin'
-- ]
-- @import: raw = seeds.flights
-- @column: flight_date date not null "day of the scheduled departure, New York time"
-- @column: scheduled_departure timestamp not null "New York time"
-- @column: hour_utc timestamp not null "hour of the scheduled departure, UTC; joins weather"
-- @column: carrier varchar not null
-- @column: tailnum varchar "missing when no aircraft was assigned"
-- @column: departure_delay integer "minutes; negative when early, null when cancelled"
-- @column: arrival_delay integer "minutes; null when cancelled or diverted"
-- @column: air_minutes integer
-- @column: miles integer not null
-- @column: is_cancelled boolean not null
-- @column: is_diverted boolean not null "it left, but is not known to have reached `dest`"
select
    make_date(raw.year, raw.month, raw.day) as flight_date,
    make_timestamp(raw.year, raw.month, raw.day, raw.hour, raw.minute, 0) as scheduled_departure,
    raw.time_hour as hour_utc,
    raw.carrier,
    raw.flight,
    raw.tailnum,
    raw.origin,
    raw.dest,
    raw.dep_delay as departure_delay,
    raw.arr_delay as arrival_delay,
    raw.air_time as air_minutes,
    raw.distance as miles,
    raw.dep_time is null as is_cancelled,
    raw.dep_time is not null and raw.arr_delay is null as is_diverted
from :raw
