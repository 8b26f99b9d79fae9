-- Does bad weather make flights late? One row per kind of weather.
--
-- @description: punctuality by the weather at the hour of departure
-- @config: grain=['visibility', 'rain', 'wind']
-- @import: flights = models.intermediate.int_flights_weather
-- @column: visibility varchar not null "below 2 miles is poor"
-- @column: rain varchar not null
-- @column: wind varchar not null "from 25 miles per hour it is strong"
with banded as (
    select
        flights.departure_delay,
        flights.is_cancelled,
        flights.is_late,
        case
            when flights.visibility_miles is null then 'unknown'
            when flights.visibility_miles < 2 then 'poor'
            else 'good'
        end as visibility,
        case
            when flights.rain_inches is null then 'unknown'
            when flights.rain_inches > 0 then 'wet'
            else 'dry'
        end as rain,
        case
            when flights.wind_mph is null then 'unknown'
            when flights.wind_mph >= 25 then 'strong'
            else 'calm'
        end as wind
    from :flights
)
select
    banded.visibility,
    banded.rain,
    banded.wind,
    count(*) as flights,
    round(avg(banded.departure_delay), 2) as avg_departure_delay,
    round(100.0 * count(*) filter (where banded.is_late) / count(*), 1) as late_percent,
    round(100.0 * count(*) filter (where banded.is_cancelled) / count(*), 1) as cancelled_percent
from banded
group by
    banded.visibility,
    banded.rain,
    banded.wind
