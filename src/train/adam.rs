use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, Var, backprop::GradStore};
use rayon::prelude::*;
use std::sync::Mutex;

/// `AdamW` in one pass over each tensor: candle's own makes ten tensors a step, which costs more than the gradients here.
///
/// # Source
/// Loshchilov & Hutter 2019, algorithm 2; betas 0.9 and 0.999.
pub(super) struct Adam {
    moments: Vec<(Var, Moments)>,
    decay: f32,
    steps: i32,
}

/// First and second moments of one tensor, and the rates of the step under way.
struct Moments {
    state: Mutex<(Vec<f32>, Vec<f32>)>,
    step: Step,
}

#[derive(Clone, Copy, Default)]
struct Step {
    rate: f32,
    shrink: f32,
    correct_first: f32,
    correct_second: f32,
}

const FIRST: f32 = 0.9;
const SECOND: f32 = 0.999;

impl Adam {
    pub(super) fn new(vars: impl Iterator<Item = Var>, decay: f32) -> Self {
        let start = |var: Var| {
            let n = var.elem_count();
            (var, Moments { state: Mutex::new((vec![0.0; n], vec![0.0; n])), step: Step::default() })
        };
        Self { moments: vars.map(start).collect(), decay, steps: 0 }
    }

    /// Moves every tensor that has a gradient by one step of `rate`.
    pub(super) fn step(&mut self, gradients: &GradStore, rate: f64) -> Result<()> {
        self.steps += 1;
        #[expect(clippy::cast_possible_truncation, reason = "a learning rate")]
        let rate = rate as f32;
        let step = Step {
            rate,
            shrink: 1.0 - rate * self.decay,
            correct_first: 1.0 / (1.0 - FIRST.powi(self.steps)),
            correct_second: 1.0 / (1.0 - SECOND.powi(self.steps)),
        };
        let with_gradient: Vec<(&Tensor, &mut Moments, Tensor)> = self
            .moments
            .iter_mut()
            .filter_map(|(var, moments)| gradients.get(var).map(|g| (var.as_tensor(), moments, g.clone())))
            .collect();
        with_gradient.into_par_iter().try_for_each(|(tensor, moments, gradient)| {
            moments.step = step;
            tensor.inplace_op2(&gradient.contiguous()?, moments)
        })
    }
}

impl InplaceOp2 for Moments {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn cpu_fwd(&self, values: &mut CpuStorage, layout: &Layout, gradient: &CpuStorage, gradient_layout: &Layout) -> Result<()> {
        let (CpuStorage::F32(values), CpuStorage::F32(gradient)) = (values, gradient) else { candle_core::bail!("adamw needs f32") };
        let range = |layout: &Layout| {
            layout.contiguous_offsets().ok_or_else(|| candle_core::Error::Msg("adamw needs contiguous tensors".to_owned()))
        };
        let ((from, to), (gradient_from, gradient_to)) = (range(layout)?, range(gradient_layout)?);
        let mut state = self.state.lock().map_err(|_| candle_core::Error::Msg("a step of adamw failed".to_owned()))?;
        let (first, second) = &mut *state;
        let moments = first.iter_mut().zip(second.iter_mut());
        let Step { rate, shrink, correct_first, correct_second } = self.step;
        for ((value, g), (m, v)) in values[from..to].iter_mut().zip(&gradient[gradient_from..gradient_to]).zip(moments) {
            *m = FIRST * *m + (1.0 - FIRST) * g;
            *v = SECOND * *v + (1.0 - SECOND) * g * g;
            *value = *value * shrink - rate * (*m * correct_first) / ((*v * correct_second).sqrt() + 1e-8);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use candle_nn::optim::{AdamW, Optimizer, ParamsAdamW};

    #[test]
    fn it_moves_as_candles_own() {
        let start = Tensor::new(&[1.0_f32, -2.0, 0.5], &Device::Cpu).unwrap();
        let (ours, theirs) = (Var::from_tensor(&start).unwrap(), Var::from_tensor(&start.copy().unwrap()).unwrap());
        let mut adam = Adam::new(std::iter::once(ours.clone()), 0.01);
        let params = ParamsAdamW { lr: 0.1, weight_decay: 0.01, ..ParamsAdamW::default() };
        let mut reference = AdamW::new(vec![theirs.clone()], params).unwrap();
        for _ in 0..5 {
            let loss = |v: &Var| v.sqr().unwrap().sum_all().unwrap();
            adam.step(&loss(&ours).backward().unwrap(), 0.1).unwrap();
            reference.step(&loss(&theirs).backward().unwrap()).unwrap();
        }
        let (a, b): (Vec<f32>, Vec<f32>) = (ours.to_vec1().unwrap(), theirs.to_vec1().unwrap());
        assert!(a.iter().zip(&b).all(|(x, y)| (x - y).abs() < 1e-4), "{a:?} {b:?}");
    }
}
