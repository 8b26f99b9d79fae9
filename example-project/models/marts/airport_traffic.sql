-- @description: traffic of the New York airports by hour of the day
-- @config: grain=['origin', 'hour_of_day']
-- @import: departures = models.intermediate.int_departures
-- @import: airports = models.staging.stg_airports
-- @column: hour_of_day bigint not null "of the scheduled departure, New York time"
-- @column: flights_per_day double "scheduled departures in this hour, on average"
-- @column: late_percent double
select
    d.origin,
    a.airport_name,
    extract(hour from d.scheduled_departure) as hour_of_day,
    count(*) as flights,
    round(count(*) / count(distinct d.flight_date), 2) as flights_per_day,
    round(100.0 * count(*) filter (where d.is_late) / count(*), 1) as late_percent
from :departures as d
left join :airports as a
    on a.airport = d.origin
group by
    d.origin,
    a.airport_name,
    extract(hour from d.scheduled_departure)
