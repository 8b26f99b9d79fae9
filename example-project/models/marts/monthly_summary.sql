-- A mart may read another mart. dbgo runs them in the order of their imports.
--
-- @description: punctuality by month
-- @config: grain='month'
-- @import: days = models.marts.daily_delays
-- @column: month date not null "its first day"
-- @column: cancelled_percent double
select
    date_trunc('month', days.flight_date)::date as month,
    count(*) as days,
    sum(days.flights)::bigint as flights,
    sum(days.cancelled_flights)::bigint as cancelled_flights,
    sum(days.late_flights)::bigint as late_flights,
    round(100.0 * sum(days.cancelled_flights) / sum(days.flights), 2) as cancelled_percent,
    max(days.late_flights) as late_flights_on_worst_day
from :days
group by date_trunc('month', days.flight_date)
