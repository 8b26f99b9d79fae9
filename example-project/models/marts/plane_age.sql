-- Are old aircraft late more often? Age is counted at the year of the flights, so
-- the result does not change as the calendar moves on. Aircraft that are not in the
-- registry are left out by the join.
--
-- @description: delay by the age of the aircraft
-- @config: grain='age_years'
-- @import: aircraft = models.intermediate.int_aircraft
-- @import: planes = models.staging.stg_planes
-- @column: age_years bigint "null when the year of manufacture is not known"
-- @column: avg_departure_delay double "minutes, over flights that left"
select
    extract(year from a.first_flight_date) - p.built_in as age_years,
    count(*) as planes,
    sum(a.flights)::bigint as flights,
    round(sum(a.departure_delay_minutes) / sum(a.departures), 2) as avg_departure_delay
from :aircraft as a
join :planes as p
    on p.tailnum = a.tailnum
group by extract(year from a.first_flight_date) - p.built_in
