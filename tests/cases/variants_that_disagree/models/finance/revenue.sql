-- @config: materialized='incremental', unique_key='transaction_id'
select
    1 as transaction_id,
    2.5 as usd_amount
#if is_incremental
where 2 > (select max(transaction_id) from :this)
#else
    , now() as loaded_at
#endif
