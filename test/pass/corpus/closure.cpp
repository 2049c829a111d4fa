// Lambdas, coroutines, inline functions and templates in COMDATs.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
namespace std {
template <class R, class...> struct coroutine_traits { using promise_type = typename R::promise_type; };
template <class P = void> struct coroutine_handle {
  void *p = nullptr;
  static coroutine_handle from_address(void *a) noexcept { coroutine_handle h; h.p = a; return h; }
  static coroutine_handle from_promise(P &q) noexcept { return from_address(__builtin_coro_promise(&q, 0, true)); }
  void *address() const noexcept { return p; }
  void resume() const { __builtin_coro_resume(p); }
};
template <> struct coroutine_handle<void> {
  void *p = nullptr;
  template <class Q> coroutine_handle(coroutine_handle<Q> h) noexcept : p(h.p) {}
  static coroutine_handle from_address(void *a) noexcept { return coroutine_handle<int>::from_address(a); }
  void *address() const noexcept { return p; }
};
struct suspend_always {
  bool await_ready() const noexcept { return false; }
  void await_suspend(coroutine_handle<>) const noexcept {}
  void await_resume() const noexcept {}
};
} // namespace std

thread_local int counter;
extern thread_local long total;
thread_local void *current;

struct Task {
  struct promise_type {
    int value;
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { counter++; return {}; }
    std::suspend_always final_suspend() noexcept { counter--; return {}; }
    std::suspend_always yield_value(int v) { value = v; total += v; return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
  std::coroutine_handle<promise_type> handle;
};
Task generate(int n) {
  for (int i = 0; i < n; i++) {
    current = &counter;
    co_yield counter + i;
    total += counter;
  }
}
void step(Task t) { t.handle.resume(); }

template <class F> __attribute__((noinline)) int apply(F f) { return f(counter); }
int lambdas(int k) {
  auto add = [&](int x) { return x + k + counter; };
  auto set = [=](int x) mutable { counter = x; return k++ + static_cast<int>(total); };
  static thread_local int calls;
  return apply(add) + apply(set) + ++calls;
}
int (*pointer())(int) { return [](int x) { return counter += x; }; }
inline int comdat(int x) { return counter += x; }
template <int N> int instance() { static thread_local int v; return v += N + counter; }
int users() { int (*volatile f)(int) = comdat; return f(3) + instance<1>() + instance<2>(); }
struct Base { virtual int run() { return counter; } int direct() { return counter++; } };
struct Derived : Base { int run() override { return Base::run() + direct() + static_cast<int>(total); } };
int virtuals() { Derived d; Base *volatile b = &d; return b->run(); }
