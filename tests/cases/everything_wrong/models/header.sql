-- @config: materialised='table', tags=['a',
--     'b']
-- @import: seeds.rate
-- @audit: not_nul(day)
select 1 as id
