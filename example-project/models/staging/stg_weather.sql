-- Real data has real errors: one reading at Newark says 1,048 miles per hour. A
-- reading that no anemometer can give becomes null.
--
-- Measurements become decimals, so that averages come out the same to the last
-- digit, whatever order the rows are read in.
--
-- @description: hourly weather at the New York airports, cleaned
-- @config: grain=['origin', 'hour_utc']
-- @import: sources.asos.weather
-- @column: hour_utc timestamp "start of the hour, UTC"
-- @column: temperature_f decimal(5,2)
-- @column: wind_mph decimal(6,2)
-- @column: rain_inches decimal(5,2)
-- @column: visibility_miles decimal(5,2)
select
    weather.origin,
    make_date(weather.year, weather.month, weather.day) as weather_date,
    weather.time_hour as hour_utc,
    weather.temp::decimal(5,2) as temperature_f,
    case
        when weather.wind_speed < 250 then weather.wind_speed::decimal(6,2)
    end as wind_mph,
    weather.precip::decimal(5,2) as rain_inches,
    weather.visib::decimal(5,2) as visibility_miles
from :weather
