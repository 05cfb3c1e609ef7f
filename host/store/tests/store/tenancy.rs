//! Every method that takes a scope finds and changes that tenant's rows only.

mod cases;
mod mixed;

use crate::estate::{Estate, estate};
use crate::source;
use crate::world::{World, without};
use std::collections::BTreeSet;
use std::pin::Pin;
use twobot_store::{Store, StoreError, TenantScope};

/// What a case is called with.
#[derive(Clone)]
struct Call {
    store: Store,
    /// Whose right is used: the stranger's first, the owner's then.
    scope: TenantScope,
    /// What the owner has.
    of: Estate,
}

/// Whether the call found something of the owner's.
type Found = Result<bool, StoreError>;

type Run = Box<dyn Fn(Call) -> Pin<Box<dyn Future<Output = Found>>>>;

/// A call of a method, with the ids of the owner's rows.
struct Case {
    method: &'static str,
    run: Run,
}

fn case<F: Future<Output = Found> + 'static>(method: &'static str, run: fn(Call) -> F) -> Case {
    Case { method, run: Box::new(move |call| Box::pin(run(call))) }
}

#[tokio::test]
async fn a_stranger_finds_nothing_and_changes_nothing_where_the_owner_does() {
    let template = World::new().await;
    let of = estate(&template, "owner").await;
    let stranger = template.tenant("stranger").await.scope;
    assert_eq!(template.strays().await, Vec::<String>::new());

    let untouched = template.dump().await;
    let mut wrong = Vec::new();
    let mut clean = None;
    for Case { method, run } in cases::all() {
        let world = match clean.take() {
            Some(world) => world,
            None => template.copy().await,
        };
        if let Err(what) = check(&world, &of, stranger, &run).await {
            wrong.push(format!("{method}: {what}"));
        }
        // What one case changed the next one must not meet.
        clean = if world.dump().await == untouched { Some(world) } else { None };
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Makes one call by the stranger and then by the owner, and says what is wrong with it.
async fn check(world: &World, of: &Estate, stranger: TenantScope, run: &Run) -> Result<(), String> {
    let call = |scope| run(Call { store: world.store.clone(), scope, of: of.clone() });
    let before = world.dump().await;
    match call(stranger).await {
        Ok(false) | Err(StoreError::NotFound) => {}
        Ok(true) => return Err("the stranger found something".to_owned()),
        Err(error) => return Err(format!("the stranger got {error:?}")),
    }
    let after = world.dump().await;
    if without(&after, stranger.tenant()) != without(&before, stranger.tenant()) {
        return Err("the stranger changed something".to_owned());
    }
    let strays = world.strays().await;
    if !strays.is_empty() {
        return Err(format!("the stranger made rows that refer to the owner's: {strays:?}"));
    }
    // The same call by the owner does something; otherwise the case proves nothing.
    match call(of.scope).await {
        Ok(found) if found || world.dump().await != after => Ok(()),
        Ok(_) => Err("the owner found and changed nothing".to_owned()),
        Err(error) => Err(format!("the owner got {error:?}")),
    }
}

#[test]
fn every_method_that_takes_a_scope_has_a_case() {
    let mut methods = BTreeSet::new();
    for source in source::files() {
        for (name, parameters) in source.methods() {
            if parameters.contains("TenantScope") {
                assert!(
                    parameters.contains("&self, scope: TenantScope")
                        || parameters.contains("scope: TenantScope,")
                );
                methods.insert(name);
            }
        }
    }
    assert!(methods.contains("finish_execution") && methods.contains("tenant"), "{methods:?}");
    let covered: BTreeSet<_> = cases::all().iter().map(|case| case.method.to_owned()).collect();
    let missing: Vec<_> = methods.difference(&covered).collect();
    assert!(missing.is_empty(), "tests/store/tenancy/cases.rs has no case for {missing:?}");
    let gone: Vec<_> = covered.difference(&methods).collect();
    assert!(gone.is_empty(), "tests/store/tenancy/cases.rs has cases for methods that are gone: {gone:?}");
}
