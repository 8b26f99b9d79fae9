-- Incremental by day. dbgo keeps a record of the days that are filled, and runs
-- only the missing ones: 31 days to a batch, each batch in one transaction that
-- first deletes the range and then inserts it. `start` is included, `end` is not.
--
-- `:start_date` and `:end_date` are the batch's range; its end is exclusive, too.
-- A row outside the range fails the batch.
--
-- Run it twice: the second run says that all 181 days are there. Move `end`, and
-- only the new days are computed.
--
-- @description: punctuality of the departures of a day
-- @config: materialized='incremental', strategy='time_range', time_column='flight_date'
-- @config: interval='1 day', start='2013-01-01', end='2013-07-01', batch_size=31
-- @config: grain='flight_date'
-- @import: departures = models.intermediate.int_departures
-- @column: flight_date date not null
-- @column: flights bigint not null "scheduled departures"
-- @column: cancelled_flights bigint not null
-- @column: late_flights bigint not null "more than `late_minutes` behind schedule"
-- @column: avg_departure_delay double "minutes, over flights that left"
-- @column: p90_departure_delay double "nine in ten flights left with at most this delay"
select
    departures.flight_date,
    count(*) as flights,
    count(*) filter (where departures.is_cancelled) as cancelled_flights,
    count(*) filter (where departures.is_late) as late_flights,
    round(avg(departures.departure_delay), 2) as avg_departure_delay,
    round(quantile_cont(departures.departure_delay, 0.9), 2) as p90_departure_delay
from :departures
where departures.flight_date >= :start_date
    and departures.flight_date < :end_date
group by departures.flight_date
