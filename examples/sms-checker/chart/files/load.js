// A constant rate of requests, however slow the answers are: half of them for the page, half of them a message.
// TARGET is the address, RATE requests per second, DURATION as in k6 (30s, 15m).
import { check } from 'k6';
import http from 'k6/http';

const target = __ENV.TARGET || 'http://127.0.0.1:8080';
const rate = Number(__ENV.RATE || 20);
const messages = [
  'Congratulations! You have won a free cruise, call now to claim your prize',
  'Are you home yet? Dinner is ready',
  'Your parcel is waiting. Pay the fee at www.parcel-release.xyz',
  'See you at the party, I bring the cake',
];

export const options = {
  scenarios: {
    people: {
      executor: 'constant-arrival-rate',
      rate,
      timeUnit: '1s',
      duration: __ENV.DURATION || '15m',
      preAllocatedVUs: Math.max(10, rate),
      maxVUs: Math.max(100, rate * 10), // room for answers of ten seconds
    },
  },
  discardResponseBodies: true,
};

export default function () {
  const turn = __ITER + __VU;
  const answer =
    turn % 2 === 0
      ? http.get(`${target}/`, { tags: { name: 'index' } })
      : http.post(`${target}/sms`, JSON.stringify({ sms: messages[(turn >> 1) % messages.length] }), {
          headers: { 'Content-Type': 'application/json' },
          tags: { name: 'sms' },
        });
  check(answer, { 'status is 200': (r) => r.status === 200 });
}
