//! Claims: who may change an environment, with a token that fences all who could before.

use super::database::{Database, Row, names, objects, values};
use super::deployment::{
    Claim, Claimed, ENGINE_LEASE, Environment, Finish, HistoryEntry, Holder, Lease, Pointer,
    Refusal, environment_lease,
};
use super::environments::{add_history, environment};
use super::fault::Attempt;
use super::open::State;
use super::plans::set_status;
use super::records::Scope;
use super::write::Group;
use crate::error::Result;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

/// The result of a claim: what it gives, or why nothing.
pub type ClaimResult = std::result::Result<Claimed, Refusal>;

impl State {
    /// Takes an environment and leases of physical tables, all or none. All have one token, which
    /// is larger than any before. What has expired, or whose holder on this machine is dead, is
    /// taken over; the whole claim that it belonged to is fenced by that.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn claim(&mut self, claim: &Claim<'_>) -> Result<ClaimResult> {
        self.claim_with(claim, &|holder| holder.is_dead(&claim.holder))
    }

    /// Takes a whole engine, and no environment: that and its revision don't matter. It is refused while
    /// anybody holds any lease on it, and nobody gets another one until it is given back. Otherwise as
    /// [`State::claim`].
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn claim_engine(&mut self, claim: &Claim<'_>) -> Result<ClaimResult> {
        self.write((claim.project, "claim engine"), async |database| {
            let is_dead = |holder: &Holder| holder.is_dead(&claim.holder);
            let mut wanted: BTreeSet<String> = claim.leases.iter().cloned().collect();
            wanted.insert(ENGINE_LEASE.to_owned());
            let of_engine = values![claim.project, claim.engine];
            let rows = database.rows(LEASES, of_engine).await?;
            let in_the_way = rows.iter().map(lease).collect::<sqlx::Result<Vec<_>>>()?;
            let now = database.now().await?;
            match first_held(&in_the_way, claim, (now, &is_dead)) {
                Some(held) => Ok(Err(Refusal::Held(Box::new(held.clone())))),
                None => take_over(database, claim, (now, in_the_way), &wanted)
                    .await
                    .map(Ok),
            }
        })
    }

    /// [`State::claim`] with another judgement on who is dead.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn claim_with(
        &mut self,
        claim: &Claim<'_>,
        is_dead: &dyn Fn(&Holder) -> bool,
    ) -> Result<ClaimResult> {
        self.write((claim.project, "claim"), async |database| {
            try_claim(database, claim, is_dead).await
        })
    }

    /// Makes the leases of a token last for `lease` from now on, also those that have expired, if
    /// nobody took them over. Gives whether that is so.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn heartbeat(
        &mut self,
        project: &str,
        engine: &str,
        token: u64,
        lease: Duration,
    ) -> Result<bool> {
        self.write_quietly((project, "heartbeat"), async |database| {
            if claimed(database, (project, engine), token).await?.is_none() {
                return Ok(false);
            }
            let expires = after(database.now().await?, lease);
            database
                .run(RENEW, values![project, engine, token, expires])
                .await?;
            Ok(true)
        })
    }

    /// Records that a publication begins, with what it does: from here on only forward. Gives
    /// whether the claim still holds; nothing is recorded if not.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn intend(
        &mut self,
        project: &str,
        environment: &str,
        engine: &str,
        token: u64,
        intent: &str,
    ) -> Result<bool> {
        self.write((project, "intend"), async |database| {
            let of = claimed(database, (project, engine), token).await?;
            if of.is_none_or(|(claimed, _)| claimed != environment) {
                return Ok(false);
            }
            let values = values![project, environment, intent];
            Ok(database.run(INTEND, values).await? == 1)
        })
    }

    /// Ends a change of an environment: where it points, its history, the plan's status, what its
    /// views show and the end of the leases are written together. Gives whether the claim still
    /// held; nothing is written if not.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn finish(&mut self, scope: &Scope, finish: &Finish) -> Result<bool> {
        let group = Group::new(&finish.changes);
        self.write((&scope.project, "finish"), async |database| {
            let engine = (scope.project.as_str(), scope.engine.as_str());
            let Some((claimed, plan)) = claimed(database, engine, finish.token).await? else {
                return Ok(false);
            };
            let found = environment(database, &scope.project, &scope.environment).await?;
            let Some(found) = found.filter(|_| claimed == scope.environment) else {
                return Ok(false);
            };
            group.write(database, scope).await?;
            if let Some(pointer) = &finish.pointer {
                point(database, (scope, &found), pointer, (&plan, &finish.by)).await?;
            }
            set_status(database, &scope.project, &plan, &finish.plan_status).await?;
            database
                .run(SETTLE, values![&scope.project, &scope.environment])
                .await?;
            end(database, engine, finish.token).await?;
            Ok(true)
        })
    }

    /// Gives up a claim without moving the environment: its leases, and the pending plan, unless
    /// a publication has begun, which must go on. A claim that was taken over is left alone.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn release(&mut self, project: &str, engine: &str, token: u64) -> Result<()> {
        self.write((project, "release"), async |database| {
            let of = claimed(database, (project, engine), token).await?;
            let Some((environment, plan)) = of else {
                return Ok(());
            };
            let values = values![project, &environment, &plan];
            database.run(DROP_PENDING, values).await?;
            end(database, (project, engine), token).await?;
            Ok(())
        })
    }

    /// Gives up a plan that was begun, and fences whoever is applying it. Gives whether the plan
    /// was pending and no publication had begun; nothing is changed if not.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn abandon(&mut self, project: &str, environment: &str, plan: &str) -> Result<bool> {
        self.write((project, "abandon"), async |database| {
            let values = values![project, environment, plan];
            if database.run(DROP_PENDING, values).await? == 0 {
                return Ok(false);
            }
            let claims = "\
                SELECT engine, token FROM claims WHERE project = $1 AND environment = $2";
            for row in database.rows(claims, values![project, environment]).await? {
                end(database, (project, &row.text(0)?), row.count(1)?).await?;
            }
            set_status(database, project, plan, "abandoned").await?;
            Ok(true)
        })
    }

    /// The tokens of all claims on an engine: every other one has ended for good.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn claimed_tokens(&mut self, project: &str, engine: &str) -> Result<Vec<u64>> {
        self.read(async |database| {
            let rows = database.rows(TOKENS, values![project, engine]).await?;
            let tokens = rows.iter().map(|row| row.count(0));
            Ok(tokens.collect::<sqlx::Result<_>>()?)
        })
    }

    /// The runs on an engine that are under way: their leases haven't expired, and nothing tells that their
    /// processes are dead.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn runs_under_way(
        &mut self,
        (project, engine): (&str, &str),
        observer: &Holder,
    ) -> Result<BTreeSet<String>> {
        self.read(async |database| {
            let now = database.now().await?;
            let rows = database.rows(UNDER_WAY, values![project, engine]).await?;
            let mut runs = BTreeSet::new();
            for row in &rows {
                let holder: Holder = row.json(1)?;
                if row.instant(2)? > now && !holder.is_dead(observer) {
                    runs.insert(row.text(0)?);
                }
            }
            Ok(runs)
        })
    }

    /// The leases on an engine by name, those that have expired among them.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn leases(&mut self, project: &str, engine: &str) -> Result<Vec<Lease>> {
        self.read(async |database| {
            let statement = format!("{LEASES} ORDER BY name");
            let rows = database.rows(&statement, values![project, engine]).await?;
            Ok(rows.iter().map(lease).collect::<sqlx::Result<_>>()?)
        })
    }
}

async fn try_claim(
    database: &mut Database,
    claim: &Claim<'_>,
    is_dead: &dyn Fn(&Holder) -> bool,
) -> Attempt<ClaimResult> {
    let found = environment(database, claim.project, claim.environment).await?;
    let Some(found) = found.filter(|found| found.engine == claim.engine) else {
        return Ok(Err(Refusal::Missing));
    };
    let mut wanted: BTreeSet<String> = claim.leases.iter().cloned().collect();
    wanted.insert(environment_lease(claim.environment));
    let now = database.now().await?;
    let in_the_way = in_the_way(database, claim, &wanted).await?;
    // Who is at work is told first: it is why the revision may be another one soon.
    if let Some(held) = first_held(&in_the_way, claim, (now, is_dead)) {
        return Ok(Err(Refusal::Held(Box::new(held.clone()))));
    }
    if found.revision != claim.expected_revision {
        return Ok(Err(Refusal::Moved(Box::new(found))));
    }
    let goes_on = claim.resume && found.pending_plan == claim.plan;
    if !found.pending_plan.is_empty() && !goes_on {
        let plan = found.pending_plan;
        return Ok(Err(Refusal::Pending { plan }));
    }
    if let Some(physical) = buried(database, claim).await? {
        return Ok(Err(Refusal::Buried { physical }));
    }
    let claimed = take_over(database, claim, (now, in_the_way), &wanted).await?;
    Ok(Ok(claimed))
}

/// The first lease that somebody else still holds.
fn first_held<'l>(
    leases: &'l [Lease],
    claim: &Claim<'_>,
    (now, is_dead): (Timestamp, &dyn Fn(&Holder) -> bool),
) -> Option<&'l Lease> {
    let is_free = |lease: &Lease| {
        lease.expires_at <= now || lease.holder == claim.holder || is_dead(&lease.holder)
    };
    leases.iter().find(|lease| !is_free(lease))
}

/// Ends the claims in the way and writes this one.
async fn take_over(
    database: &mut Database,
    claim: &Claim<'_>,
    (now, in_the_way): (Timestamp, Vec<Lease>),
    wanted: &BTreeSet<String>,
) -> Attempt<Claimed> {
    let token = next_token(database, claim).await?;
    let overtaken: BTreeSet<u64> = in_the_way.iter().map(|lease| lease.token).collect();
    for overtaken in overtaken {
        end(database, (claim.project, claim.engine), overtaken).await?;
    }
    take(database, claim, (token, now), wanted).await?;
    let taken_over = in_the_way
        .into_iter()
        .filter(|lease| lease.holder != claim.holder)
        .collect();
    Ok(Claimed { token, taken_over })
}

/// The leases that somebody has of what is wanted, or of the whole engine.
async fn in_the_way(
    database: &mut Database,
    claim: &Claim<'_>,
    wanted: &BTreeSet<String>,
) -> sqlx::Result<Vec<Lease>> {
    let wanted = wanted.iter().map(String::as_str);
    let values = [
        names(wanted.chain([ENGINE_LEASE])),
        claim.project.into(),
        claim.engine.into(),
    ];
    let rows = database.rows(IN_THE_WAY, &values).await?;
    rows.iter().map(lease).collect()
}

/// One of the wanted tables that is to be dropped, if any.
async fn buried(database: &mut Database, claim: &Claim<'_>) -> sqlx::Result<Option<String>> {
    let values = [
        names(claim.leases.iter().map(String::as_str)),
        claim.project.into(),
        claim.engine.into(),
    ];
    let row = database.row(BURIED, &values).await?;
    row.map(|row| row.text(0)).transpose()
}

async fn next_token(database: &mut Database, claim: &Claim<'_>) -> sqlx::Result<u64> {
    let values = values![claim.project, claim.engine, claim.engine_epoch];
    let row = database.row(NEXT_TOKEN, values).await?;
    row.ok_or(sqlx::Error::RowNotFound)?.count(0)
}

/// Writes the claim and its leases.
async fn take(
    database: &mut Database,
    claim: &Claim<'_>,
    (token, now): (u64, Timestamp),
    wanted: &BTreeSet<String>,
) -> sqlx::Result<()> {
    let (project, engine) = (claim.project, claim.engine);
    let values = values![project, engine, token, claim.environment, claim.plan];
    database.run(ADD_CLAIM, values).await?;
    let holder = json!(claim.holder).to_string();
    let expires = after(now, claim.lease);
    let rows = wanted.iter().map(|name| {
        json!({
            "name": name, "token": super::database::whole(token), "holder": holder,
            "taken_at": now.as_microsecond(), "expires_at": expires.as_microsecond(),
        })
    });
    let values = [objects(rows.collect()), project.into(), engine.into()];
    database.run(ADD_LEASES, &values).await?;
    let values = values![project, claim.environment, claim.plan];
    database.run(SET_PENDING, values).await?;
    set_status(database, project, claim.plan, "applying").await
}

/// The environment and the plan of a claim that nobody took over.
async fn claimed(
    database: &mut Database,
    (project, engine): (&str, &str),
    token: u64,
) -> sqlx::Result<Option<(String, String)>> {
    let row = database
        .row(CLAIMED, values![project, engine, token])
        .await?;
    row.map(|row| Ok((row.text(0)?, row.text(1)?))).transpose()
}

/// Moves an environment to another project version, and notes that in its history.
async fn point(
    database: &mut Database,
    (scope, found): (&Scope, &Environment),
    pointer: &Pointer,
    (plan, by): (&str, &str),
) -> sqlx::Result<()> {
    let entry = HistoryEntry {
        revision: found.revision + 1,
        project_version: pointer.project_version.clone(),
        project_hash: pointer.project_hash.clone(),
        commit: pointer.commit.clone(),
        plan: plan.to_owned(),
        action: pointer.action.clone(),
        at: database.now().await?,
        by: by.to_owned(),
    };
    let values = values![
        &scope.project,
        &scope.environment,
        entry.revision,
        &entry.project_version,
        &entry.project_hash,
        &entry.commit,
        entry.at,
        &entry.by,
    ];
    database.run(POINT, values).await?;
    let values = values![
        &scope.project,
        &scope.environment,
        entry.revision,
        &entry.project_version,
    ];
    database.run(REBASE, values).await?;
    add_history(database, &scope.project, &scope.environment, &entry).await
}

/// Removes a claim and all of its leases.
async fn end(
    database: &mut Database,
    (project, engine): (&str, &str),
    token: u64,
) -> sqlx::Result<()> {
    for statement in [
        "DELETE FROM leases WHERE project = $1 AND engine = $2 AND token = $3",
        "DELETE FROM claims WHERE project = $1 AND engine = $2 AND token = $3",
    ] {
        database
            .run(statement, values![project, engine, token])
            .await?;
    }
    Ok(())
}

/// An instant some time later; the last one there is, if that is too late.
fn after(now: Timestamp, span: Duration) -> Timestamp {
    let later = jiff::SignedDuration::try_from(span).ok();
    later
        .and_then(|span| now.checked_add(span).ok())
        .unwrap_or(Timestamp::MAX)
}

fn lease(row: &Row) -> sqlx::Result<Lease> {
    Ok(Lease {
        name: row.text(0)?,
        token: row.count(1)?,
        holder: row.json(2)?,
        taken_at: row.instant(3)?,
        expires_at: row.instant(4)?,
    })
}

const LEASES: &str = "\
SELECT name, token, holder, taken_at, expires_at FROM leases WHERE project = $1 AND engine = $2";

const TOKENS: &str = "SELECT token FROM claims WHERE project = $1 AND engine = $2";

const UNDER_WAY: &str = "\
SELECT runs.id, leases.holder, leases.expires_at FROM runs \
JOIN claims ON claims.project = runs.project AND claims.engine = runs.engine \
AND claims.environment = runs.environment AND claims.plan = runs.plan \
JOIN leases ON leases.project = claims.project AND leases.engine = claims.engine \
AND leases.token = claims.token \
WHERE runs.project = $1 AND runs.engine = $2 AND runs.status = 'running'";

const IN_THE_WAY: &str = "\
SELECT name, token, holder, taken_at, expires_at FROM leases WHERE project = $2 AND engine = $3 \
AND name IN (SELECT value ->> 'name' FROM {rows}) ORDER BY name";

const BURIED: &str = "\
SELECT physical FROM objects WHERE project = $2 AND engine = $3 AND tombstone IS NOT NULL \
AND physical IN (SELECT value ->> 'name' FROM {rows}) ORDER BY physical";

const NEXT_TOKEN: &str = "\
INSERT INTO tokens (project, engine, last_token) VALUES ($1, $2, $3 + 1) \
ON CONFLICT (project, engine) DO UPDATE SET last_token = \
CASE WHEN tokens.last_token > $3 THEN tokens.last_token ELSE $3 END + 1 RETURNING last_token";

const ADD_CLAIM: &str = "\
INSERT INTO claims (project, engine, token, environment, plan) VALUES ($1, $2, $3, $4, $5)";

const ADD_LEASES: &str = "\
INSERT INTO leases (project, engine, name, token, holder, taken_at, expires_at) \
SELECT $2, $3, value ->> 'name', CAST(value ->> 'token' AS BIGINT), value ->> 'holder', \
CAST(value ->> 'taken_at' AS BIGINT), CAST(value ->> 'expires_at' AS BIGINT) FROM {rows}";

const CLAIMED: &str = "\
SELECT environment, plan FROM claims WHERE project = $1 AND engine = $2 AND token = $3";

const RENEW: &str = "\
UPDATE leases SET expires_at = $4 WHERE project = $1 AND engine = $2 AND token = $3";

const SET_PENDING: &str = "\
UPDATE environments SET pending_plan = $3 WHERE project = $1 AND name = $2";

const INTEND: &str = "UPDATE environments SET intent = $3 WHERE project = $1 AND name = $2";

const DROP_PENDING: &str = "\
UPDATE environments SET pending_plan = '' \
WHERE project = $1 AND name = $2 AND pending_plan = $3 AND intent = ''";

const SETTLE: &str = "\
UPDATE environments SET pending_plan = '', intent = '' WHERE project = $1 AND name = $2";

/// An environment that shows just what its base shows from now on is made of that.
const REBASE: &str = "\
UPDATE environments SET base_revision = $3 WHERE project = $1 AND base = $2 AND project_version = $4";

const POINT: &str = "\
UPDATE environments SET revision = $3, project_version = $4, project_hash = $5, \
commit_hash = $6, changed_at = $7, changed_by = $8 WHERE project = $1 AND name = $2";
