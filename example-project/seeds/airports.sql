-- @description: airports of the United States, from OpenFlights
-- @config: null='NA'
-- @column: faa "FAA code, the key"
-- @column: alt "altitude in feet"
-- @column: tz "hours from UTC in winter"
create table airports (
    faa varchar not null,
    name varchar not null,
    lat double,
    lon double,
    alt integer,
    tz integer,
    dst varchar,
    tzone varchar
)
