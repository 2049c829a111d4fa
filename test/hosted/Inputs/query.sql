create table t(n integer primary key, s text);
with recursive c(n) as (values(1) union all select n+1 from c where n < 500)
  insert into t select n, printf('%.3f-%x', n / 7.0, n * 2654435761) from c;
create index i on t(s);
select count(*), sum(length(s)), max(s) from t;
select s, upper(s), substr(s, 2, 3) from t where n % 97 = 1 order by s;
begin; update t set s = s || 'x' where n < 100; rollback;
select group_concat(n, ' ') from t where s like '1%' and n > 50 limit 10;
.quit
