'use strict';
// Values under the pointer, or under a cursor that the arrow keys move, appear in the chart's legend
// and its status line.
for (const figure of document.querySelectorAll('figure.chart')) {
  const data = JSON.parse(figure.querySelector('script').textContent);
  const svg = figure.querySelector('svg'), cursor = figure.querySelector('.cursor');
  const status = figure.querySelector('[role=status]');
  const cells = [...figure.querySelectorAll('.legend .value')];
  const left = +cursor.dataset.left, right = +cursor.dataset.right;
  const low = data.x[0], high = data.x[data.x.length - 1];
  const scale = v => data.log ? Math.log10(v) : v;
  const place = v => high === low ? left : left + (scale(v) - scale(low)) / (scale(high) - scale(low)) * (right - left);
  let index = -1;
  const show = i => {
    index = Math.max(0, Math.min(data.x.length - 1, i));
    cursor.setAttribute('transform', `translate(${place(data.x[index])} 0)`);
    cursor.removeAttribute('hidden');
    const said = data.series.map((s, k) => {
      const at = s.x.indexOf(data.x[index]);
      const text = at < 0 ? '' : s.y[at].toFixed(3) + (s.error.length ? ' ± ' + s.error[at].toFixed(3) : '');
      cells[k].textContent = text;
      return text ? `${s.name} ${text}` : '';
    });
    status.textContent = `${data.x_label} ${data.x[index]}: ${said.filter(Boolean).join('; ')}`;
  };
  svg.addEventListener('pointermove', event => {
    const box = svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
    let best = 0;
    data.x.forEach((v, i) => { if (Math.abs(place(v) - x) < Math.abs(place(data.x[best]) - x)) best = i; });
    show(best);
  });
  figure.addEventListener('keydown', event => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (step) show(index < 0 ? 0 : index + step);
    else if (event.key === 'Home') show(0);
    else if (event.key === 'End') show(data.x.length - 1);
    else return;
    event.preventDefault();
  });
}
