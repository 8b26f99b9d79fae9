-- A mart that is a view: cheap to compute, so there is nothing to store.
--
-- @description: days with many cancellations, and the weather they had
-- @config: materialized='view', grain='flight_date'
-- @import: days = models.marts.daily_delays
-- @import: weather = models.intermediate.int_daily_weather
-- @var: disrupted_share decimal(4,3) = 0.1
select
    d.flight_date,
    d.flights,
    d.cancelled_flights,
    round(100.0 * d.cancelled_flights / d.flights, 1) as cancelled_percent,
    w.avg_temperature_f,
    w.max_wind_mph,
    w.rain_inches,
    w.min_visibility_miles
from :days as d
left join :weather as w
    on w.weather_date = d.flight_date
where d.cancelled_flights > :disrupted_share * d.flights
