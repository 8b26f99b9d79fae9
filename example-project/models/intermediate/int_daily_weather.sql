-- @description: the weather of a day over the three airports
-- @config: grain='weather_date'
-- @import: weather = models.staging.stg_weather
select
    weather.weather_date,
    round(avg(weather.temperature_f), 1) as avg_temperature_f,
    max(weather.wind_mph) as max_wind_mph,
    sum(weather.rain_inches) as rain_inches,
    min(weather.visibility_miles) as min_visibility_miles
from :weather
group by weather.weather_date
