-- Types for `planes.csv`, which stands beside this file under the same name.
-- Without it the types would be inferred from the data; here a wrong value in
-- the CSV is an error with its line.
--
-- @description: aircraft in the FAA registry
-- @config: null='NA'
-- @column: year "year of manufacture; missing for 70 aircraft"
-- @column: speed "average cruising speed in mph; known for very few"
create table planes (
    tailnum varchar not null,
    year integer,
    type varchar,
    manufacturer varchar,
    model varchar,
    engines integer,
    seats integer,
    speed integer,
    engine varchar
)
