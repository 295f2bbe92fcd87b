use super::{Pattern, table::Reading};
use crate::types::{ActionId, Domain, Language, NeedId, SafetyRule, Urgency};
use std::collections::BTreeMap;

/// A need of the catalogue.
#[derive(Debug, Clone)]
pub struct Need {
    /// Its id.
    pub id: NeedId,
    /// Its group (ECO, LAB, HAB, REL, INF, SAL, ADD, AUT, XAR, LEG).
    pub group: String,
    /// Its name in Catalan and Spanish.
    pub names: [String; 2],
    /// SIUSS group 1 to 4.
    pub siuss: String,
    /// Domains whose low level it explains.
    pub domains: Vec<Domain>,
    /// The safety rule it belongs to.
    pub safety: Option<SafetyRule>,
    /// How soon.
    pub urgency: Urgency,
    /// Whether it concerns the household, so that a cohabiting relative's counts as the client's.
    pub household: bool,
    /// Needs of one family are hard to tell apart: doubt between them is no doubt about the family.
    pub family: String,
    /// What to do, most fitting first.
    pub actions: Vec<ActionId>,
}

/// An action of the catalogue.
#[derive(Debug, Clone)]
pub struct Action {
    /// Its id.
    pub id: ActionId,
    /// Its name in Catalan and Spanish.
    pub names: [String; 2],
    /// What sort of action.
    pub sort: String,
    /// Who provides it.
    pub provider: String,
    /// A reminder of who it is for, never an eligibility decision.
    pub who: String,
    /// How soon it is normally done.
    pub urgency: Urgency,
    /// Its place in the order of rule 3: 0 safety, 1 food, roof and income, 2 procedures, 3 the plan.
    pub order: u8,
}

/// A do-not-propose rule.
#[derive(Debug, Clone)]
pub struct Exclusion {
    /// Its id in the table.
    pub id: String,
    /// What must hold.
    pub trigger: Trigger,
    /// What is then not proposed.
    pub actions: Vec<ActionId>,
    /// Why, in Catalan and Spanish.
    pub why: [String; 2],
}

/// What an exclusion waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// An alert of a rule that is not denied.
    Safety(SafetyRule),
    /// A need that is present or possible.
    Need(NeedId),
    /// A pattern somewhere in the narrative, not denied.
    Text(Pattern),
}

/// Needs, actions, their links and the exclusions.
#[derive(Debug, Default)]
pub struct Catalogue {
    needs: BTreeMap<NeedId, Need>,
    actions: BTreeMap<ActionId, Action>,
    /// The do-not-propose rules.
    pub exclusions: Vec<Exclusion>,
    /// More specific needs that cover a general one.
    covered_by: BTreeMap<NeedId, Vec<NeedId>>,
    /// Words that say a resource is there already, with the action that would bring it.
    pub in_place: Vec<(ActionId, Pattern)>,
}

impl Catalogue {
    /// A need by its id.
    #[must_use]
    pub fn need(&self, id: NeedId) -> Option<&Need> {
        self.needs.get(&id)
    }

    /// An action by its id.
    #[must_use]
    pub fn action(&self, id: ActionId) -> Option<&Action> {
        self.actions.get(&id)
    }

    /// Whether a more specific need of `present` tells the same story as `need`.
    #[must_use]
    pub fn is_covered(&self, need: NeedId, present: &[NeedId]) -> bool {
        self.covered_by.get(&need).is_some_and(|specific| specific.iter().any(|s| present.contains(s)))
    }

    /// All needs, by id.
    pub fn needs(&self) -> impl ExactSizeIterator<Item = &Need> {
        self.needs.values()
    }

    /// All actions, by id.
    pub fn actions(&self) -> impl ExactSizeIterator<Item = &Action> {
        self.actions.values()
    }

    pub(super) fn read(reading: &mut Reading<'_>) -> Self {
        let mut catalogue = Self::default();
        catalogue.read_needs(reading);
        catalogue.read_actions(reading);
        catalogue.read_links(reading);
        catalogue.read_exclusions(reading);
        for row in reading.table("need_precedence.tsv", &["specific", "general"]).rows() {
            if let (Some(specific), Some(general)) = (row.value("specific", reading), row.value("general", reading)) {
                catalogue.covered_by.entry(general).or_default().push(specific);
            }
        }
        for row in reading.table("in_place.tsv", &["action", "pattern"]).rows() {
            let (Some(action), Some(pattern)) = (row.value("action", reading), row.value("pattern", reading)) else { continue };
            if !catalogue.actions.contains_key(&action) {
                row.problem(reading, format!("{action} is not in actions.tsv"));
            }
            catalogue.in_place.push((action, pattern));
        }
        catalogue
    }

    fn read_needs(&mut self, reading: &mut Reading<'_>) {
        let columns = &["need", "group", "ca", "es", "siuss", "domains", "safety", "urgency", "household", "family"];
        for row in reading.table("needs.tsv", columns).rows() {
            let Some(id) = row.value::<NeedId>("need", reading) else {
                continue;
            };
            let Some(urgency) = row.value::<Urgency>("urgency", reading) else {
                continue;
            };
            let safety = row.values::<SafetyRule>("safety", reading).into_iter().next();
            let need = Need {
                id,
                group: row.cell("group").to_owned(),
                names: [row.cell("ca").to_owned(), row.cell("es").to_owned()],
                siuss: row.cell("siuss").to_owned(),
                domains: row.values("domains", reading),
                safety,
                urgency,
                household: row.cell("household") == "1",
                family: row.cell("family").to_owned(),
                actions: vec![],
            };
            if need.names.iter().any(String::is_empty) {
                row.problem(reading, "the name is missing in ca or es");
            }
            if self.needs.insert(id, need).is_some() {
                row.problem(reading, format!("{id} stands on an earlier line too"));
            }
        }
    }

    fn read_actions(&mut self, reading: &mut Reading<'_>) {
        let columns = &["action", "ca", "es", "sort", "provider", "who", "domains", "urgency", "order"];
        for row in reading.table("actions.tsv", columns).rows() {
            let Some(id) = row.value::<ActionId>("action", reading) else {
                continue;
            };
            let Some(urgency) = row.value::<Urgency>("urgency", reading) else {
                continue;
            };
            let Some(order) = row.value::<u8>("order", reading) else {
                continue;
            };
            let action = Action {
                id,
                names: [row.cell("ca").to_owned(), row.cell("es").to_owned()],
                sort: row.cell("sort").to_owned(),
                provider: row.cell("provider").to_owned(),
                who: row.cell("who").to_owned(),
                urgency,
                order,
            };
            if action.names.iter().any(String::is_empty) {
                row.problem(reading, "the name is missing in ca or es");
            }
            if self.actions.insert(id, action).is_some() {
                row.problem(reading, format!("{id} stands on an earlier line too"));
            }
        }
    }

    fn read_links(&mut self, reading: &mut Reading<'_>) {
        let mut links: BTreeMap<NeedId, Vec<(u8, ActionId)>> = BTreeMap::new();
        for row in reading.table("need_actions.tsv", &["need", "action", "rank"]).rows() {
            let (Some(need), Some(action), Some(rank)) =
                (row.value::<NeedId>("need", reading), row.value::<ActionId>("action", reading), row.value::<u8>("rank", reading))
            else {
                continue;
            };
            if !self.needs.contains_key(&need) {
                row.problem(reading, format!("{need} is not in needs.tsv"));
            } else if !self.actions.contains_key(&action) {
                row.problem(reading, format!("{action} is not in actions.tsv"));
            } else {
                links.entry(need).or_default().push((rank, action));
            }
        }
        for (need, mut ranked) in links {
            ranked.sort_unstable();
            if let Some(need) = self.needs.get_mut(&need) {
                need.actions = ranked.into_iter().map(|(_, action)| action).collect();
            }
        }
    }

    fn read_exclusions(&mut self, reading: &mut Reading<'_>) {
        for row in reading.table("exclusions.tsv", &["exclusion", "if", "then_not", "ca", "es"]).rows() {
            let condition = row.cell("if");
            let trigger = if let Ok(rule) = condition.parse() {
                Trigger::Safety(rule)
            } else if let Ok(need) = condition.parse() {
                Trigger::Need(need)
            } else if let Some(pattern) = row.value("if", reading) {
                Trigger::Text(pattern)
            } else {
                continue;
            };
            let actions: Vec<ActionId> = row.values("then_not", reading);
            if let Some(unknown) = actions.iter().find(|a| !self.actions.contains_key(a)) {
                row.problem(reading, format!("{unknown} is not in actions.tsv"));
            }
            let id = row.cell("exclusion").to_owned();
            self.exclusions.push(Exclusion { id, trigger, actions, why: [row.cell("ca").to_owned(), row.cell("es").to_owned()] });
        }
    }
}

/// The place of a language in pairs of names: Catalan first.
pub(crate) fn side(language: Language) -> usize {
    usize::from(language == Language::Spanish)
}

impl Need {
    /// Its name in `language`; Catalan unless Spanish is asked for.
    #[must_use]
    pub fn name(&self, language: Language) -> &str {
        &self.names[side(language)]
    }
}

impl Exclusion {
    /// Why, in `language`; Catalan unless Spanish is asked for.
    #[must_use]
    pub fn why(&self, language: Language) -> &str {
        &self.why[side(language)]
    }
}

impl Action {
    /// Its name in `language`; Catalan unless Spanish is asked for.
    #[must_use]
    pub fn name(&self, language: Language) -> &str {
        &self.names[side(language)]
    }
}
