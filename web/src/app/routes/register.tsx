import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { AuthLayout } from "@/features/auth/components/auth-layout";
import { RegisterForm } from "@/features/auth/components/register-form";

export function RegisterRoute() {
  const search = useSearch({ from: "/register" });
  const navigate = useNavigate();
  return (
    <AuthLayout
      title="Create your account"
      description="A workspace of your own, with your first bot in minutes."
      footer={
        <>
          You have an account?{" "}
          <Link to="/sign-in" search={search} className="font-medium text-primary hover:underline">
            Sign in
          </Link>
        </>
      }
    >
      <RegisterForm onDone={() => void navigate({ href: search.redirect ?? "/", replace: true })} />
    </AuthLayout>
  );
}
