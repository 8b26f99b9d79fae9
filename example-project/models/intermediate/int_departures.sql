-- An ephemeral model (the default of this folder) becomes a CTE in the models
-- that read it. It may use variables like any other model.
--
-- `late_minutes` gets its value from `[vars]` in `dbgo.toml`; without one there,
-- the default after `=` holds.
--
-- @description: every flight with the answer to "was it late?"
-- @import: flights = models.staging.stg_flights
-- @var: late_minutes integer = 15
select
    flights.flight_date,
    flights.scheduled_departure,
    flights.hour_utc,
    flights.carrier,
    flights.tailnum,
    flights.origin,
    flights.dest,
    flights.departure_delay,
    flights.arrival_delay,
    flights.air_minutes,
    flights.miles,
    flights.is_cancelled,
    flights.is_diverted,
    coalesce(flights.departure_delay > :late_minutes, false) as is_late
from :flights
