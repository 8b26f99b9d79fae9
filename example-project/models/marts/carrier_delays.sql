-- `#if` chooses between lines before the query is run. A variable in a condition
-- is fixed for a whole run. dbgo checks the query of *every* branch, and all of
-- them must have the same columns: try to break the one that is not in use.
--
-- @description: punctuality by carrier
-- @config: grain='carrier'
-- @import: departures = models.intermediate.int_departures
-- @import: airlines = models.staging.stg_airlines
-- @var: cancelled_is_late boolean = false
-- @column: carrier varchar not null
-- @column: late_percent double "of all scheduled flights"
select
    d.carrier,
    a.carrier_name,
    count(*) as flights,
    count(*) filter (where d.is_cancelled) as cancelled_flights,
    round(avg(d.departure_delay), 2) as avg_departure_delay,
    round(avg(d.arrival_delay), 2) as avg_arrival_delay,
#if cancelled_is_late
    round(100.0 * count(*) filter (where d.is_late or d.is_cancelled) / count(*), 1) as late_percent
#else
    round(100.0 * count(*) filter (where d.is_late) / count(*), 1) as late_percent
#endif
from :departures as d
left join :airlines as a
    on a.carrier = d.carrier
group by
    d.carrier,
    a.carrier_name
