//! What of a choice fits no more: it was chosen for other quantities than are needed now.

use platform::text::Text;

use super::{Counting, Line, Remark, Rule, Way, way};
use crate::{
    catalogue::{Catalogue, Metric},
    licences::{Choice, Event, Licences, Phase, questionnaire},
};

impl Licences {
    /// What of the choice fits no more. Nothing where no choice can be made now, and nothing for a
    /// way whose quantities were not known when it was chosen.
    pub fn misfits(&self, catalogue: &Catalogue) -> Vec<Remark> {
        let demanded = self.variant.as_ref().is_none_or(|variant| variant.kind_required);
        let Some(choice) = self.choice.as_ref().filter(|_| demanded && self.phase == Phase::Open) else {
            return Vec::new();
        };
        let misfits = choice.ways().flat_map(|(metric, kept)| {
            let counting = Counting {
                catalogue,
                needs: &self.needs,
                variant: self.variant.as_ref(),
                prices_of: None,
                kept: Some(&kept.lines),
            };
            compare(kept, &way(&counting, choice.kind, metric))
        });
        let mut different = Vec::new();
        for misfit in misfits {
            if !different.contains(&misfit) {
                different.push(misfit);
            }
        }
        different
    }

    /// Tells what fits no more where that is another than was told last. What a changed catalogue
    /// spoiled is told at the first change of needs or variant after it.
    pub(in crate::licences) fn tell_misfits(&mut self, catalogue: &Catalogue, events: &mut Vec<Event>) {
        let misfits = self.misfits(catalogue);
        if misfits == self.told_misfits {
            return;
        }
        self.told_misfits.clone_from(&misfits);
        if let (false, Some(kind)) = (misfits.is_empty(), self.kind()) {
            events.push(Event::ChoiceOutdated { kind, misfits });
        }
    }
}

impl Choice {
    /// The ways for which it stands and whose quantities were known.
    fn ways(&self) -> impl Iterator<Item = (Metric, &Way)> {
        let of_kind = self.advice.ways.iter().filter(|way| way.kind == Some(self.kind) && way.counted());
        let by_metric = of_kind.filter_map(|way| way.metric.map(|metric| (metric, way)));
        by_metric.filter(|(metric, _)| self.metric.is_none_or(|chosen| chosen == *metric))
    }
}

fn compare(kept: &Way, now: &Way) -> Vec<Remark> {
    if !now.allowed() {
        return now.refusals.clone();
    }
    if !now.missing.is_empty() {
        // By the words of the questions: people read it in e-mails.
        let questions = |words: fn(Text) -> String| {
            let open = now.missing.iter().filter_map(|key| questionnaire::words(key).map(words));
            open.collect::<Vec<_>>().join(" ")
        };
        return vec![Remark::new(
            Rule::NeedsIncomplete,
            format!("Wybrano dla znanych potrzeb; teraz brakuje odpowiedzi: {}", questions(|text| text.pl)),
            format!("Chosen for needs that were known; not answered now: {}", questions(|text| text.en)),
        )];
    }
    let find = |lines: &[Line], product: &str| lines.iter().find(|line| line.product == product).cloned();
    let mut misfits = Vec::new();
    for old in &kept.lines {
        let new = find(&now.lines, &old.product);
        if new.as_ref().map_or(0, |new| new.to_buy) != old.to_buy {
            misfits.push(misfit(
                new.as_ref().unwrap_or(old),
                old.to_buy,
                new.as_ref().map_or(0, |l| l.to_buy),
            ));
        }
    }
    for new in &now.lines {
        if new.to_buy > 0 && find(&kept.lines, &new.product).is_none() {
            misfits.push(misfit(new, 0, new.to_buy));
        }
    }
    misfits
}

/// By the rule that counted the line.
fn misfit(line: &Line, chosen: u32, needed: u32) -> Remark {
    let rule = line.steps.first().map_or(Rule::NeedsIncomplete, |step| step.rule);
    Remark::new(
        rule,
        format!("{}: wybrano do kupienia {chosen}, potrzeba {needed}.", line.name.pl),
        format!("{}: chosen to buy {chosen}, needed {needed}.", line.name.en),
    )
}
