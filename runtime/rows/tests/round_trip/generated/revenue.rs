//! `models/finance/revenue.sql`

use dbgo_rows::{
    Column, ColumnDef, Decimal, Fields, FromValue, Interval, Map, Mismatch, Model, ReadError, Row,
    Timestamp, Value, read_label, read_member, unknown_member,
};

/// Paid transactions, in US dollars.
#[derive(Debug, Clone, PartialEq)]
pub struct Revenue {
    /// The payment provider's number.
    pub transaction_id: i64,
    pub usd_amount: Option<Decimal>,
    pub customer: Option<String>,
    pub paid_at: Option<Timestamp>,
    pub details: Option<RevenueDetails>,
    pub counts: Option<Map<String, Option<i32>>>,
    pub status: Option<RevenueStatus>,
    pub waited: Option<Interval>,
    pub amount: Option<RevenueAmount>,
}

impl Model for Revenue {
    const NAME: &'static str = "finance.revenue";

    fn columns() -> &'static [ColumnDef] {
        const COLUMNS: &[ColumnDef] = &[
            ColumnDef {
                name: "transaction_id",
                sql_type: "BIGINT",
                nullable: false,
                description: "The payment provider's number.",
            },
            ColumnDef {
                name: "usd_amount",
                sql_type: "DECIMAL(18,2)",
                nullable: true,
                description: "",
            },
            ColumnDef {
                name: "customer",
                sql_type: "VARCHAR",
                nullable: true,
                description: "",
            },
            ColumnDef {
                name: "paid_at",
                sql_type: "TIMESTAMP",
                nullable: true,
                description: "",
            },
            ColumnDef {
                name: "details",
                sql_type: "STRUCT(a INTEGER, b VARCHAR[])",
                nullable: true,
                description: "",
            },
            ColumnDef {
                name: "counts",
                sql_type: "MAP(VARCHAR, INTEGER)",
                nullable: true,
                description: "",
            },
            ColumnDef {
                name: "status",
                sql_type: "ENUM('paid', 'void')",
                nullable: true,
                description: "",
            },
            ColumnDef {
                name: "waited",
                sql_type: "INTERVAL",
                nullable: true,
                description: "",
            },
            ColumnDef {
                name: "amount",
                sql_type: "UNION(num INTEGER, str VARCHAR)",
                nullable: true,
                description: "",
            },
        ];
        COLUMNS
    }

    fn read(row: &Row<'_>) -> Result<Self, ReadError> {
        Ok(Self {
            transaction_id: row.get(0)?,
            usd_amount: row.get(1)?,
            customer: row.get(2)?,
            paid_at: row.get(3)?,
            details: row.get(4)?,
            counts: row.get(5)?,
            status: row.get(6)?,
            waited: row.get(7)?,
            amount: row.get(8)?,
        })
    }
}

/// `details` of [`Revenue`]: `STRUCT(a INTEGER, b VARCHAR[])`
#[derive(Debug, Clone, PartialEq)]
pub struct RevenueDetails {
    pub a: Option<i32>,
    pub b: Option<Vec<Option<String>>>,
}

impl FromValue for RevenueDetails {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let mut fields = Fields::of(value)?;
        Ok(Self {
            a: fields.take("a")?,
            b: fields.take("b")?,
        })
    }
}

/// `status` of [`Revenue`]: `ENUM('paid', 'void')`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RevenueStatus {
    Paid,
    Void,
}

impl FromValue for RevenueStatus {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        read_label(value, &[("paid", Self::Paid), ("void", Self::Void)])
    }
}

/// `amount` of [`Revenue`]: `UNION(num INTEGER, str VARCHAR)`
#[derive(Debug, Clone, PartialEq)]
pub enum RevenueAmount {
    Num(Option<i32>),
    Str(Option<String>),
}

impl FromValue for RevenueAmount {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let (member, value) = read_member(value)?;
        match member.as_str() {
            "num" => FromValue::from_value(value).map(Self::Num),
            "str" => FromValue::from_value(value).map(Self::Str),
            _ => Err(unknown_member(&member)),
        }
    }
}

/// Handles of the columns of [`Revenue`].
#[allow(dead_code)]
pub mod columns {
    use super::*;

    pub const TRANSACTION_ID: Column<Revenue, i64> = Column::new("transaction_id", 0);
    pub const USD_AMOUNT: Column<Revenue, Option<Decimal>> = Column::new("usd_amount", 1);
    pub const CUSTOMER: Column<Revenue, Option<String>> = Column::new("customer", 2);
    pub const PAID_AT: Column<Revenue, Option<Timestamp>> = Column::new("paid_at", 3);
    pub const DETAILS: Column<Revenue, Option<RevenueDetails>> = Column::new("details", 4);
    pub const COUNTS: Column<Revenue, Option<Map<String, Option<i32>>>> = Column::new("counts", 5);
    pub const STATUS: Column<Revenue, Option<RevenueStatus>> = Column::new("status", 6);
    pub const WAITED: Column<Revenue, Option<Interval>> = Column::new("waited", 7);
    pub const AMOUNT: Column<Revenue, Option<RevenueAmount>> = Column::new("amount", 8);
}
