-- A source is a relation that somebody else writes. This file says what it looks
-- like, so that every query over it can be checked without opening it. Here it is
-- a Parquet file; `location` starts at `dbgo.toml`.
--
-- Its import path is `sources.asos.weather`: the path of this file.
--
-- @description: hourly readings of the weather stations at the New York airports (ASOS)
-- @config: location='data/weather.parquet', format='parquet'
-- @column: temp "degrees Fahrenheit"
-- @column: wind_speed "miles per hour"
-- @column: precip "inches"
-- @column: visib "miles"
-- @column: time_hour "start of the hour, UTC"
create table weather (
    origin varchar,
    year integer,
    month integer,
    day integer,
    hour integer,
    temp double,
    dewp double,
    humid double,
    wind_dir integer,
    wind_speed double,
    wind_gust double,
    precip double,
    pressure double,
    visib double,
    time_hour timestamp
)
