//! The operations between matrix products, each in one pass and with its gradient: candle's own make a tensor for every step, and
//! take longer than the products.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};

const NORM_EPSILON: f32 = 1e-12;

/// `x Φ(x)`, Φ the normal distribution function.
///
/// # Source
/// Hendrycks & Gimpel 2016; erf after Abramowitz & Stegun 7.1.26, within 2e-7.
pub(super) fn gelu(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(GELU)
}

/// Softmax over the last dimension.
pub(super) fn softmax(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(SOFTMAX)
}

/// Each row brought to mean 0 and spread 1, then `weight` times it plus `bias`.
///
/// # Source
/// Ba et al. 2016.
pub(super) fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op3(weight, bias, LayerNorm)
}

struct LayerNorm;
struct LayerNormBack;
struct LayerNormBackWeights;

/// The numbers of a contiguous tensor.
fn numbers<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let (CpuStorage::F32(all), Some((from, to))) = (storage, layout.contiguous_offsets()) else {
        candle_core::bail!("the kernels read contiguous f32 tensors");
    };
    Ok(&all[from..to])
}

fn width(layout: &Layout) -> usize {
    layout.dims().last().copied().unwrap_or(1).max(1)
}

fn made(values: Vec<f32>, layout: &Layout) -> (CpuStorage, Shape) {
    (CpuStorage::F32(values), layout.shape().clone())
}

/// e^x within 2e-7 of it, in steps that a compiler can take for several numbers at once.
#[inline]
fn exp(x: f32) -> f32 {
    // adding this number leaves the nearest whole number in the low bits
    const ROUND: f32 = 12_582_912.0;
    let scaled = x.clamp(-87.0, 88.0) * std::f32::consts::LOG2_E;
    let rounded = scaled + ROUND;
    let whole = rounded - ROUND;
    let f = (scaled - whole) * std::f32::consts::LN_2;
    let series = 1.0 + f * (1.0 + f * (0.5 + f * (1.0 / 6.0 + f * (1.0 / 24.0 + f * (1.0 / 120.0 + f * (1.0 / 720.0))))));
    let power = f32::from_bits((rounded.to_bits().wrapping_add(127)) << 23);
    series * power
}

/// Φ(x) and e^(-x²/2).
#[inline]
fn normal(x: f32) -> (f32, f32) {
    let y = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * y);
    let bell = exp(-y * y);
    let tail = t * (0.254_829_6 + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152 + t * 1.061_405_4)))) * bell;
    let half = 0.5 * tail;
    (if x >= 0.0 { 1.0 - half } else { half }, bell)
}

/// An operation on the rows of one tensor, given their width, and its way back.
struct Rows {
    name: &'static str,
    forward: fn(&[f32], usize) -> Vec<f32>,
    back: RowsBack,
    /// Whether the way back looks at the outcome; if not, at what came in.
    back_from_outcome: bool,
}

/// The gradient of what came in, from the rows that are looked at and the gradient of the outcome.
struct RowsBack {
    name: &'static str,
    back: fn(&[f32], &[f32], usize) -> Vec<f32>,
}

const GELU: Rows =
    Rows { name: "gelu", forward: gelu_rows, back: RowsBack { name: "gelu-back", back: gelu_back }, back_from_outcome: false };
const SOFTMAX: Rows =
    Rows { name: "softmax", forward: softmax_rows, back: RowsBack { name: "softmax-back", back: softmax_back }, back_from_outcome: true };

impl CustomOp1 for Rows {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok(made((self.forward)(numbers(storage, layout)?, width(layout)), layout))
    }

    fn bwd(&self, x: &Tensor, out: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let looked_at = if self.back_from_outcome { out } else { x };
        Ok(Some(looked_at.contiguous()?.apply_op2_no_bwd(&gradient.contiguous()?, &self.back)?))
    }
}

impl CustomOp2 for RowsBack {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, rows: &CpuStorage, layout: &Layout, g: &CpuStorage, g_layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok(made((self.back)(numbers(rows, layout)?, numbers(g, g_layout)?, width(layout)), layout))
    }
}

fn gelu_rows(x: &[f32], _: usize) -> Vec<f32> {
    x.iter().map(|&x| x * normal(x).0).collect()
}

fn gelu_back(x: &[f32], g: &[f32], _: usize) -> Vec<f32> {
    const DENSITY: f32 = 0.398_942_3;
    let back = |(&x, &g): (&f32, &f32)| {
        let (below, bell) = normal(x);
        g * (below + x * DENSITY * bell)
    };
    x.iter().zip(g).map(back).collect()
}

fn softmax_rows(x: &[f32], width: usize) -> Vec<f32> {
    let mut values = x.to_vec();
    for row in values.chunks_exact_mut(width) {
        let highest = row.iter().copied().fold(f32::MIN, f32::max);
        row.iter_mut().for_each(|x| *x = exp(*x - highest));
        let share = 1.0 / row.iter().sum::<f32>();
        row.iter_mut().for_each(|x| *x *= share);
    }
    values
}

fn softmax_back(out: &[f32], g: &[f32], width: usize) -> Vec<f32> {
    let mut back = Vec::with_capacity(out.len());
    for (y, g) in out.chunks_exact(width).zip(g.chunks_exact(width)) {
        let along: f32 = y.iter().zip(g).map(|(y, g)| y * g).sum();
        back.extend(y.iter().zip(g).map(|(y, g)| y * (g - along)));
    }
    back
}

/// Mean of a row and one over its spread.
#[expect(clippy::cast_precision_loss, reason = "rows are a few hundred wide")]
fn moments(row: &[f32]) -> (f32, f32) {
    let n = row.len() as f32;
    let mean = sum(row.iter().copied()) / n;
    let variance = sum(row.iter().map(|x| (x - mean) * (x - mean))) / n;
    (mean, 1.0 / (variance + NORM_EPSILON).sqrt())
}

/// The sum in eight lanes: the same on every machine, and fast.
fn sum(values: impl Iterator<Item = f32>) -> f32 {
    let mut lanes = [0.0_f32; 8];
    for (place, value) in values.enumerate() {
        lanes[place % 8] += value;
    }
    lanes.iter().sum()
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, weight, bias) = (numbers(x, layout)?, numbers(weight, weight_layout)?, numbers(bias, bias_layout)?);
        let mut out = Vec::with_capacity(x.len());
        for row in x.chunks_exact(width(layout)) {
            let (mean, scale) = moments(row);
            out.extend(row.iter().zip(weight).zip(bias).map(|((x, w), b)| (x - mean) * scale * w + b));
        }
        Ok(made(out, layout))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (x, gradient) = (x.contiguous()?, gradient.contiguous()?);
        let back = x.apply_op3_no_bwd(weight, &gradient, &LayerNormBack)?;
        let weights = x.apply_op2_no_bwd(&gradient, &LayerNormBackWeights)?;
        Ok((Some(back), Some(weights.get(0)?), Some(weights.get(1)?)))
    }
}

impl CustomOp3 for LayerNormBack {
    fn name(&self) -> &'static str {
        "layer-norm-back"
    }

    #[expect(clippy::cast_precision_loss, reason = "rows are a few hundred wide")]
    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        g: &CpuStorage,
        g_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, weight, g, width) = (numbers(x, layout)?, numbers(weight, weight_layout)?, numbers(g, g_layout)?, width(layout));
        let n = width as f32;
        let mut back = Vec::with_capacity(x.len());
        for (x, g) in x.chunks_exact(width).zip(g.chunks_exact(width)) {
            let (mean, scale) = moments(x);
            let mean_g = sum(g.iter().zip(weight).map(|(g, w)| g * w)) / n;
            let along = sum(g.iter().zip(weight).zip(x).map(|((g, w), x)| g * w * (x - mean))) * scale / n;
            back.extend(x.iter().zip(g).zip(weight).map(|((x, g), w)| scale * (g * w - mean_g - (x - mean) * scale * along)));
        }
        Ok(made(back, layout))
    }
}

impl CustomOp2 for LayerNormBackWeights {
    fn name(&self) -> &'static str {
        "layer-norm-back-weights"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout, g: &CpuStorage, g_layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, g, width) = (numbers(x, layout)?, numbers(g, g_layout)?, width(layout));
        let (mut of_weight, mut of_bias) = (vec![0.0; width], vec![0.0; width]);
        for (x, g) in x.chunks_exact(width).zip(g.chunks_exact(width)) {
            let (mean, scale) = moments(x);
            for (((w, b), x), g) in of_weight.iter_mut().zip(&mut of_bias).zip(x).zip(g) {
                *w += (x - mean) * scale * g;
                *b += g;
            }
        }
        of_weight.extend(of_bias);
        Ok((CpuStorage::F32(of_weight), Shape::from((2, width))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{D, Device, Var};

    fn wavy(shape: &[usize], step: f32) -> Tensor {
        let n: usize = shape.iter().product();
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let values: Vec<f32> = (0..n).map(|i| (i as f32 * step).sin() * 4.0).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    /// Largest difference of outputs and of gradients between ours and candle's, over the same input.
    fn difference(inputs: &[Tensor], ours: impl Fn(&[Tensor]) -> Tensor, theirs: impl Fn(&[Tensor]) -> Tensor) -> f32 {
        let run = |f: &dyn Fn(&[Tensor]) -> Tensor| {
            let vars: Vec<Var> = inputs.iter().map(|t| Var::from_tensor(&t.copy().unwrap()).unwrap()).collect();
            let out = f(&vars.iter().map(|v| v.as_tensor().clone()).collect::<Vec<_>>());
            let weighed = (&out * wavy(out.dims(), 0.7)).unwrap().sum_all().unwrap();
            let gradients = weighed.backward().unwrap();
            std::iter::once(out).chain(vars.iter().map(|v| gradients.get(v).unwrap().clone())).collect::<Vec<_>>()
        };
        let pairs = run(&ours).into_iter().zip(run(&theirs));
        let one = |(a, b): (Tensor, Tensor)| {
            let gap = (a - b).unwrap().abs().unwrap().flatten_all().unwrap();
            gap.max(D::Minus1).unwrap().to_scalar::<f32>().unwrap()
        };
        pairs.map(one).fold(0.0, f32::max)
    }

    #[test]
    fn outputs_and_gradients_are_candles() {
        let x = wavy(&[3, 5, 16], 0.37);
        assert!(difference(std::slice::from_ref(&x), |v| gelu(&v[0]).unwrap(), |v| v[0].gelu_erf().unwrap()) < 1e-5);
        let theirs = |v: &[Tensor]| candle_nn::ops::softmax(&v[0], D::Minus1).unwrap();
        assert!(difference(std::slice::from_ref(&x), |v| softmax(&v[0]).unwrap(), theirs) < 1e-5);
        let (weight, bias) = (wavy(&[16], 0.9), wavy(&[16], 1.3));
        let theirs = |v: &[Tensor]| candle_nn::ops::layer_norm_slow(&v[0], &v[1], &v[2], NORM_EPSILON).unwrap();
        assert!(difference(&[x, weight, bias], |v| layer_norm(&v[0], &v[1], &v[2]).unwrap(), theirs) < 1e-3);
    }

    #[test]
    fn the_exponential_holds_at_both_ends() {
        for x in [-200.0_f32, -87.0, -1e-3, 0.0, 1.0, 10.5, 80.0] {
            let (ours, theirs) = (f64::from(exp(x)), f64::from(x).exp());
            assert!((ours - theirs).abs() <= theirs * 1e-6 + 1e-37, "{x}: {ours} {theirs}");
        }
    }
}
