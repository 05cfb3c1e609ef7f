// The benchmarks' handler for a Node.js process per tenant: a JSON text per line in, one per line out.
// Says the same as `guests/handler/src/lib.rs`.
'use strict';

function rewrite(order) {
  let total = 0;
  for (const line of order.lines) {
    const sum = line.quantity * line.price_cents;
    line.article = line.article.toUpperCase();
    line.sum_cents = sum;
    total += sum;
  }
  order.total_cents = total;
  order.state = 'priced';
  return order;
}

let rest = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk) => {
  rest += chunk;
  let end;
  while ((end = rest.indexOf('\n')) >= 0) {
    const text = rest.slice(0, end);
    rest = rest.slice(end + 1);
    process.stdout.write(JSON.stringify(rewrite(JSON.parse(text))) + '\n');
  }
});
