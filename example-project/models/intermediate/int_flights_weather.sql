-- Both sides carry the hour in UTC. Joining on the local hour would go wrong in
-- the night of 10 March 2013, when New York's clocks skipped one.
--
-- A left join: flights without a reading are kept, so the weather columns can be
-- null, and dbgo knows it.
--
-- @description: flights with the weather in the hour they were to leave
-- @config: materialized='table'
-- @import: departures = models.intermediate.int_departures
-- @import: weather = models.staging.stg_weather
select
    d.flight_date,
    d.hour_utc,
    d.origin,
    d.departure_delay,
    d.is_cancelled,
    d.is_late,
    w.temperature_f,
    w.wind_mph,
    w.rain_inches,
    w.visibility_miles
from :departures as d
left join :weather as w
    on w.origin = d.origin
    and w.hour_utc = d.hour_utc
